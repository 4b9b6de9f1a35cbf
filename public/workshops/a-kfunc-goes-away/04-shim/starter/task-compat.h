/* Finding a task by its number, on kernels before and after the removal. */
#pragma once
