"""Bags and clips through the whole chain: labels, scores, files, comparison."""
