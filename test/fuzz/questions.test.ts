// Random questions, the first half.

import { askHalf } from './ask.ts'

askHalf(0)
