"""What do the tables say? Their columns, descriptive statistics, correction across endpoints, sample size."""
