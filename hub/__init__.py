"""The regency hub: intake, casework, fleet, portals."""
