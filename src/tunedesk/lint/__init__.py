"""What is wrong with examples, for the place where they shall be used; it knows no window and changes
no file.
"""
