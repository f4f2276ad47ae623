# written with the programs
