// SPDX-License-Identifier: GPL-2.0-only
/* Linux 7.3. */
#include <linux/sched.h>
#include <linux/sched/exec_state.h>

typeof(((struct task_struct *)0)->exec_state) nta_has;
