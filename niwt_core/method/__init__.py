"""The method of the paper in closed form: importance, maps, head, transfer."""
