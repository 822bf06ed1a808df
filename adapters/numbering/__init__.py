"""The world's numbering plans, from the phonenumbers library (a port of Google's libphonenumber)."""
