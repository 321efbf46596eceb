"""A hundred sentences that are not for the robot, though some of them sound so."""

TALK = tuple(
    " ".join(sentence.split())
    for sentence in """
did you have lunch already|I will be back in ten minutes|the printer is out of paper again|what is
the name of the new student|we could meet at four in the lab|she left her coat in the corridor|my
phone is nearly empty|have you read the paper that I sent you|the results look better than last
week|it took me an hour to get here|he said that the motor was too hot|can somebody bring the
screwdriver|I think that it is going to rain|the camera sees everything on the table|we stopped
using that library last year|do not forget to save the file|there was a bus stop in front of the
house|the shop around the corner is closed|I could not stop laughing|let me show you the plot|the
red one is mine and the green one is hers|blue is my favorite color|my daughter plays with wooden
blocks|he lives two blocks away from here|the soup was served in a large bowl|they went bowling on
Friday|put on your glasses and look at this|pick a number between one and ten|take a look at the
second page|move on to the next slide please|turn the page over|open the window it is warm in here|
close the door behind you|could you open that file for me|close your laptop for a moment|push the
commit to the server|pull the latest changes first|drop me a message when you are there|let us go
for a walk|go home and get some sleep|come back tomorrow morning|get me a cup of coffee|grab a chair
and sit down|hold the line please I will connect you|lift the phone and dial nine|the price went up
a lot|he is a bit slow in the morning|that was much faster than I thought|we moved to a higher
floor|lower the volume of the music|the temperature is going down|it is a little further down the
road|the left lane was blocked|you were right about the meeting|turn right at the next crossing|
the station is on the left side of the street|how many people are coming tonight|what color is your
new car|where is the nearest exit|who closed the drawer of my desk|the gripper was expensive|robots
are getting better every year|this robot was made in Denmark|I do not trust that robot arm|the arm
of the chair is broken|we need a new set of blocks for the experiment|the experiment with the bowls
failed|she put the blocks away yesterday|he picked up the children from school|I sorted my books by
color|they stacked the boxes in the hall|he swept the floor of the kitchen|the tray was full of
glasses|there is tea in the drawer|please send me the address|write that down somewhere|read it to
me once more|tell him that I am busy|ask her about the budget|wake me up at seven|thank you very
much for your help|good morning everybody|see you later|how are you doing today|I have no idea what
you mean|never in my life have I seen that|maybe next time|just a second ago it still worked|the
weight of the part is four kilograms|a great idea was born in this room|the salt is next to the
pepper|it is time for the break|the top of the hill was covered in snow|at what time does the train
leave|her brother works for a bank|the keys are under the mat|my back hurts since yesterday|the
continuation of the story is sad|the wind comes from the north|a hundred and twenty euros for that
is too much
""".strip().split("|")
)
