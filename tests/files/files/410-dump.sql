-- MySQL dump 10.13
DROP TABLE IF EXISTS `contacts`;
CREATE TABLE `contacts` (`email` varchar(99));
INSERT INTO `contacts` VALUES ('nora.finch@example.com','Nora','Finch','Finch Timber');
