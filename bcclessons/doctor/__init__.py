"""What this machine can do, where each lesson can run, and how to fix it; imports machines and what that imports."""
