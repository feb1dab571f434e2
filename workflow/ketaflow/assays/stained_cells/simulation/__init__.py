"""How would a field look whose cells are known?"""
