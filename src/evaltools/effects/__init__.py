"""Before and after, with inference: designs, estimates, claims."""
