"""Fits the models that are shipped; the only room that imports torch."""
