"""Before and after a run: a cohort folder to fill in, a check of one, the pages; each ends once the tables are read."""


rule template:
    """Write a cohort folder to fill in: snakemake template --config cohort=FOLDER"""
    localrule: True


rule verify:
    """Compare the results with the inputs and the code they were made from: snakemake verify"""
    localrule: True


rule check:
    """Check tables, settings and plan, and measure nothing: snakemake check --config cohort=FOLDER"""
    localrule: True


rule open:
    """Open both pages in the browser: snakemake open --config results=FOLDER"""
    localrule: True
