"""What is stored of evaluations: questions, runs with their baselines, and figures in files."""
