"""A trial of an exercise: run, observe, compare, explain; may import machines, course, setup, console."""
