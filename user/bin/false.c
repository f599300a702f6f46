// SPDX-License-Identifier: GPL-2.0-only
/* false: fail. */
int main(void)
{
	return 1;
}
