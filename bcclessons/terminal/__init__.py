"""Lessons in a terminal: tmux, two panes, the demo, recorded screens; may import machines, course, setup, console."""
