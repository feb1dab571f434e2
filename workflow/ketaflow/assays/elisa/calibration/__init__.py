"""Which concentration does a response stand for, and over which range?"""
