// Random questions, the second half.

import { askHalf } from './ask.ts'

askHalf(1)
