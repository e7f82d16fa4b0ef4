"""What the black-box tests stand on: real servers, a proxy on the wire, runs of the program, and their records."""
