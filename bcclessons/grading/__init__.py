"""An exercise's trial: run on a machine, observe, compare, explain; imports doctor and what that imports."""
