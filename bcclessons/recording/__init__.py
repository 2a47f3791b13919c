"""Records of real runs: casts, texts, pictures, results of releases; may import grading, terminal, machines, course, setup, console."""
