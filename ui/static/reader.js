// The reader opens at the marked span, in the middle of the window.
"use strict";
const place = document.getElementById("span");
if (place && (!location.hash || location.hash === "#span")) place.scrollIntoView({ block: "center" });
