"""Reports as one HTML file: verdict, table of sites, a section a finding; nothing is fetched."""
