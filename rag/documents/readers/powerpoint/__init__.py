"""Read presentations of PowerPoint 97 to 2003 (PPT), [MS-PPT]."""
