"""How much stain is there in each pixel?"""
