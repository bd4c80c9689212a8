/* SPDX-License-Identifier: GPL-2.0 */
/* The text of report.html, for report.c. */
	.section .rodata
	.global report_page
report_page:
	.incbin "report.html"
	.byte 0
	.section .note.GNU-stack, "", %progbits
