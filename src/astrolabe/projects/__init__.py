"""What kind of project a tree is: how its tests are run, what that needs, and how what it told is read. No I/O."""
