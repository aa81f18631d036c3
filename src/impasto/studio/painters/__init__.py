"""Painters: the engine that hands jobs to them, and what one does with a job."""
