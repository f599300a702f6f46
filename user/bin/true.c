// SPDX-License-Identifier: GPL-2.0-only
/* true: succeed. */
int main(void)
{
	return 0;
}
