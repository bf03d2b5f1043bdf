document.title = "Botkube";
