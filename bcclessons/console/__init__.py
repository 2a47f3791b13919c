"""What a person reads: messages in two languages, questions, progress bars; imports nothing of ours."""
