"""Tables and pictures in; the blinded review page, the results page and the workbooks out."""
