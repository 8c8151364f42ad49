"""Models of the chips on the boards, by their data sheets. They share no code with the drivers."""
