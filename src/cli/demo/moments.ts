// Whom and when the tour looks at.

/** Bought before and after `THEN`, paid in between, and had been entered with a misspelled name. */
export const CUSTOMER_ID = 'cus-527'
export const THEN = new Date('2014-11-15T13:37:42Z')
