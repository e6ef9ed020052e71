"""Measures the rooms on labelled data and on clips."""
