"""What is recorded of real runs: casts, texts, pictures, the results of every release; imports grading, terminal and what they import."""
