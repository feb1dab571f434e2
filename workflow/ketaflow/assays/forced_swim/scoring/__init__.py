"""What does the animal do when: immobility, swimming, climbing or diving, and for how many seconds?"""
