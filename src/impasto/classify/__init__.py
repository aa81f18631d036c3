"""Classify pictures: data sets, the course's training loop and a fast one, evaluation, model files, predictions."""
