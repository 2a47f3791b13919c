"""What is taught, as data: lessons, exercises, recordings, results, progress; may import setup, console."""
