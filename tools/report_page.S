/* SPDX-License-Identifier: GPL-2.0 */
/* Embeds the template of the report's HTML page. */
	.section .rodata
	.global report_page
report_page:
	.incbin "report.html"
	.byte 0
	.section .note.GNU-stack, "", %progbits
