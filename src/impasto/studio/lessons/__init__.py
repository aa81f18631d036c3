"""Lessons: what a network makes of a picture, computed in a process of its own."""
