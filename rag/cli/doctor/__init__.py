"""The command `doctor`: checks of the program, its folders, its models and the machine, a sentence each."""
