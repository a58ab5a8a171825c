package webadmin

import "github.com/gin-gonic/gin"

func (s *Site) sessionRoutes(*gin.RouterGroup) {}
