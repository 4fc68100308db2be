"""A building in virtual time: access points, a broker, the real gateway and backend, phones."""
