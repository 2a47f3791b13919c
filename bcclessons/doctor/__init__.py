"""What this machine can do, where a lesson can run, and fixes; may import machines, course, setup, console."""
