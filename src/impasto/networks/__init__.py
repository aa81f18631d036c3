"""Convolutional networks as extractors of features: their weights, and how a picture passes them in tiles."""
